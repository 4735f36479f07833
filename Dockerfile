# A static binary and what it cannot do without, run by nobody.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /reservoir ./cmd/reservoir
RUN mkdir -p /data && chown 65532:65532 /data

FROM scratch
# Look-ups go to HTTPS hosts.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /reservoir /reservoir
COPY --from=build --chown=65532:65532 /data /data
USER 65532:65532
WORKDIR /data
EXPOSE 8080 8081
ENTRYPOINT ["/reservoir"]
CMD ["run", "-c", "/etc/reservoir/reservoir.yaml"]
