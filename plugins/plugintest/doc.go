// Package plugintest is the contract every plugin keeps, as one test suite. A
// plugin's test is one line:
//
//	func TestProvider(t *testing.T) { plugintest.Run(t, bokun.Spec(), cfg) }
//
// The suite runs over the plugin's recorded webhooks, one folder a case below
// testdata (the form is said at pipeline.ReadCase). Beside the webhook a folder
// holds what must come of it:
//
//	events.golden.json     the booking events, or
//	rejected.golden.txt    the reason for which it is refused, or how it ends (`ignored`)
//	published.golden.txt   which texts of the body (or of the look-up's answer)
//	                       reach the public events: read it as a privacy review
//	private.txt            optional; what must never come out, one a line
//
// `go test ./plugins/<name> -update` writes the goldens; read the difference
// before committing it.
//
// What is asked of a plugin stands in pipeline/provider.go; the suite asks it of
// every case, of every case with one value after the other replaced, and of
// bodies that are cut, empty, huge, deep or not UTF-8.
package plugintest
