package config

import "github.com/agnivade/levenshtein"

// nearest gives the known name that a misspelt one was most likely meant to
// be, "" where none is near: at most a third of its letters may differ.
func nearest(name string, known []string) string {
	if len(name) > 64 {
		return ""
	}
	best, closest := "", len(name)/3+1
	for _, k := range known {
		if distance := levenshtein.ComputeDistance(name, k); distance <= closest && (best == "" || distance < closest) {
			best, closest = k, distance
		}
	}
	return best
}

// Hint gives `; did you mean ...?` with the known name that is nearest to a
// misspelt one, or nothing where none is near.
func Hint(name string, known []string) string {
	if near := nearest(name, known); near != "" {
		return "; did you mean `" + near + "`?"
	}
	return ""
}
