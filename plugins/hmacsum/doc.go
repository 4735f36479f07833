// Package hmacsum makes and checks HMAC-SHA256 signatures over the bodies of
// webhooks, for plugins whose provider signs them.
package hmacsum
