// Package examples holds configurations that run as they are; its tests run
// each, by the commands of its page.
package examples
