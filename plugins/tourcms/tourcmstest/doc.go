// Package tourcmstest is a simulated TourCMS API: Show Booking behind the real
// signature check, with a script for what goes wrong. The demo and tests look
// bookings up from it.
//
// It checks signatures by its own reading of the public client libraries and
// shares no code with the plugin, so that one mistake is not made twice.
package tourcmstest
