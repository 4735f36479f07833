// Package config reads reservoir.yaml into typed values: strictly, with every
// fault at once, each with file, line, column and key path.
package config
