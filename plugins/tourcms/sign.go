package tourcms

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// dateHeader carries the signed time. The .NET, Java and Node libraries use
// it; a proxy leaves it alone, unlike Date.
const dateHeader = "X-Tourcms-Date"

// signature gives the API's signature of a request: base64 of the HMAC-SHA256
// of `channel/marketplace/verb/unix seconds` and the path with its query, keyed
// by the text of the API key, percent-encoded once. Source: TourCMS/tourcms-php
// src/TourCMS.php and TourCMS/node-tourcms node-tourcms.js.
func signature(key string, channel, marketplace uint64, verb string, at time.Time, path string) string {
	signed := make([]byte, 0, 128)
	signed = strconv.AppendUint(signed, channel, 10)
	signed = strconv.AppendUint(append(signed, '/'), marketplace, 10)
	signed = append(append(append(signed, '/'), verb...), '/')
	signed = append(strconv.AppendInt(signed, at.Unix(), 10), path...)
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write(signed)
	return url.QueryEscape(base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}

// sign puts the headers on a request that the API asks for. The server refuses
// a time more than 15 minutes from its own.
func sign(r *http.Request, ch Channel, at time.Time) {
	seal := signature(ch.APIKey.Reveal(), ch.Channel, ch.Marketplace, r.Method, at, r.URL.RequestURI())
	channel, marketplace := strconv.FormatUint(ch.Channel, 10), strconv.FormatUint(ch.Marketplace, 10)
	r.Header.Set("Authorization", "TourCMS "+channel+":"+marketplace+":"+seal)
	r.Header.Set(dateHeader, at.UTC().Format(http.TimeFormat))
	r.Header.Set("Content-Type", `text/xml;charset="utf-8"`)
	r.Header.Set("User-Agent", "Reservoir ("+marketplace+"_"+channel+")")
}
