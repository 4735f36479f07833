#!/usr/bin/env bash
# A real Apache Kafka (KRaft) on loopback, from Maven Central's jars. Needs java 17+ and mvn.
#
#   .ci/kafka.sh start [BROKERS] [DIR]   1 or 3 brokers, data in DIR (default: a new temporary folder); prints DIR and the bootstrap list
#   .ci/kafka.sh stop  DIR               stops what start began, by process id
#   .ci/kafka.sh kill  DIR NODE          kill -9 of one broker (a fault to test with)
#   .ci/kafka.sh up    DIR NODE          starts that broker again on its own data
#   .ci/kafka.sh pause DIR NODE          SIGSTOP: the broker hangs, its connections stay open
#   .ci/kafka.sh resume DIR NODE         SIGCONT
#
# Ports: broker N listens on KAFKA_PORT+N (19090+N), its controller 100 above: another base is another cluster beside it.
# KAFKA_VERSION and KAFKA_HEAP can be set, and KAFKA_PROPERTIES holds further lines of the brokers' properties.
set -euo pipefail
version=${KAFKA_VERSION:-4.1.0}
heap=${KAFKA_HEAP:-512m}
port=${KAFKA_PORT:-19090}
jars=${KAFKA_JARS:-$HOME/.cache/reservoir-kafka/$version}

fetch() {
  [ -e "$jars/.complete" ] && return
  local work; work=$(mktemp -d)
  cat >"$work/pom.xml" <<EOF
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>local</groupId><artifactId>kafka</artifactId><version>1</version><dependencies>
<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>$version</version></dependency>
<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>$version</version></dependency>
</dependencies></project>
EOF
  (cd "$work" && mvn -q -B dependency:copy-dependencies -DoutputDirectory="$jars") >&2
  touch "$jars/.complete"; rm -rf "$work"
}

launch() { # DIR NODE
  setsid java -Xmx"$heap" -Xms"$heap" -cp "$jars/*" kafka.Kafka "$1/node$2.properties" >"$1/node$2.log" 2>&1 &
  echo $! >"$1/node$2.pid"
}

port_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

case "${1:-}" in
start)
  n=${2:-1}; dir=${3:-$(mktemp -d)}; mkdir -p "$dir"; fetch
  voters=$(for i in $(seq "$n"); do printf '%s%s@127.0.0.1:%s' "$([ "$i" -gt 1 ] && echo ,)" "$i" $((port + 100 + i)); done)
  [ -e "$dir/cluster" ] || java -cp "$jars/*" kafka.tools.StorageTool random-uuid 2>/dev/null >"$dir/cluster"
  for i in $(seq "$n"); do
    cat >"$dir/node$i.properties" <<EOF
process.roles=broker,controller
node.id=$i
controller.quorum.voters=$voters
listeners=PLAINTEXT://127.0.0.1:$((port + i)),CONTROLLER://127.0.0.1:$((port + 100 + i))
advertised.listeners=PLAINTEXT://127.0.0.1:$((port + i))
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs=$dir/data$i
auto.create.topics.enable=false
default.replication.factor=$n
min.insync.replicas=$([ "$n" -ge 3 ] && echo 2 || echo 1)
offsets.topic.replication.factor=$n
transaction.state.log.replication.factor=$n
transaction.state.log.min.isr=$([ "$n" -ge 3 ] && echo 2 || echo 1)
group.initial.rebalance.delay.ms=0
${KAFKA_PROPERTIES:-}
EOF
    [ -e "$dir/data$i/meta.properties" ] || java -cp "$jars/*" kafka.tools.StorageTool format -t "$(cat "$dir/cluster")" -c "$dir/node$i.properties" >/dev/null 2>&1
    launch "$dir" "$i"
  done
  for i in $(seq "$n"); do
    for _ in $(seq 480); do port_open $((port + i)) && break; sleep 0.25; done
    port_open $((port + i)) || { echo "broker $i did not start, see $dir/node$i.log" >&2; exit 1; }
  done
  echo "dir=$dir"
  echo "bootstrap=$(for i in $(seq "$n"); do printf '%s127.0.0.1:%s' "$([ "$i" -gt 1 ] && echo ,)" $((port + i)); done)"
  ;;
stop) for p in "$2"/node*.pid; do kill -TERM "$(cat "$p")" 2>/dev/null && kill -CONT "$(cat "$p")" 2>/dev/null || true; rm -f "$p"; done ;;
kill) kill -9 "$(cat "$2/node$3.pid")" ;;
up) launch "$2" "$3" ;;
pause) kill -STOP "$(cat "$2/node$3.pid")" ;;
resume) kill -CONT "$(cat "$2/node$3.pid")" ;;
*) sed -n '2,12p' "$0"; exit 2 ;;
esac
