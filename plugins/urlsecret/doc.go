// Package urlsecret proves a sender by a secret segment of the webhook's path,
// for providers that sign nothing: who knows the URL is the provider. Plugins
// that use it say so by Spec.URLSecret.
package urlsecret
