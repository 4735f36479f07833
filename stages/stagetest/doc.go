// Package stagetest is the contract suite that every stage passes: what the
// engine relies on, whatever the stage does.
package stagetest
