package policies

import "embed"

// FS is the bundle as it lies in this folder.
//
//go:embed .manifest refund catalog schemas
var FS embed.FS
