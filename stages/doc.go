// Package stages lists the stages that are built in. A stage knows how: it
// never names a topic and never imports a plugin.
package stages
