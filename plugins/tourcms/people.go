package tourcms

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"strconv"
	"strings"

	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// maxPeople bounds the list of people: a group can be larger than a list of an
// event may be (invariant 11).
const maxPeople = 200

// people gives the lead customer and the customers, by mail address where
// there is one and else by the account's customer id. Nothing else about them
// is read (invariant 10).
func (r *reader) people() []booking.Person {
	people := []booking.Person{}
	people = r.addPerson(people, "guest", r.b.value("lead_customer_email"), r.b.value("lead_customer_id"))
	for _, c := range r.b.child("customers").all("customer") {
		people = r.addPerson(people, "traveller", c.value("customer_email"), c.value("customer_id"))
	}
	return people
}

func (r *reader) addPerson(people []booking.Person, role, mail, id string) []booking.Person {
	identity := strings.ToLower(mail)
	if !strings.Contains(identity, "@") {
		identity = ""
	}
	if identity == "" && id != "" {
		identity = Name + "/" + strconv.FormatUint(r.hook.account, 10) + "/customer/" + id
	}
	if identity == "" || len(people) == maxPeople {
		return people
	}
	for _, p := range people {
		if p.Role == role && p.Identity == identity {
			return people
		}
	}
	return append(people, booking.Person{Role: role, Identity: identity})
}

// party counts by age category where the answer gives every customer's:
// (i)nfant, (c)hild, (a)dult, (s)enior.
func (r *reader) party() *booking.Party {
	size, err := strconv.ParseUint(r.b.value("customer_count"), 10, 16)
	if err != nil || size == 0 {
		return nil
	}
	n := int(size)
	party := &booking.Party{Size: &n}
	adults, children := 0, 0
	for _, c := range r.b.child("customers").all("customer") {
		switch c.value("agecat") {
		case "a", "s":
			adults++
		case "c", "i":
			children++
		}
	}
	if adults+children == n {
		party.Adults, party.Children = &adults, &children
	}
	return party
}

// product is the main component's. The booking's own name is not taken: staff
// can change it, and do so after the customer.
func (r *reader) product() *booking.Product {
	c := r.main()
	product := booking.Product{ID: text(c.value("product_id")), ExternalID: text(c.value("product_code")), Name: text(c.value("component_name"))}
	if product == (booking.Product{}) {
		return nil
	}
	return &product
}

// maxText bounds a text that is published, in bytes.
const maxText = 512

func text(s string) *string {
	if s == "" || len(s) > maxText {
		return nil
	}
	return &s
}

// fingerprint is a digest of everything in a booking but the texts for people
// (`*_display`): equal for answers that differ in white space alone.
func fingerprint(b *node) string {
	h := sha256.New()
	h.Write(b.digested(h, make([]byte, 0, 2*digestAtOnce)))
	return hex.EncodeToString(h.Sum(nil))
}

// digestAtOnce is how many bytes a hash is handed at once, about.
const digestAtOnce = 1024

// digested writes the lengths too, so that no two trees are written alike. It
// gives what is not yet in the hash.
func (n *node) digested(h hash.Hash, out []byte) []byte {
	if strings.HasSuffix(n.name, "_display") {
		return out
	}
	for _, s := range [...]string{n.name, n.text} {
		out = strconv.AppendInt(out, int64(len(s)), 10)
		out = append(append(out, ':'), s...)
	}
	if len(out) >= digestAtOnce {
		h.Write(out)
		out = out[:0]
	}
	out = append(out, '{')
	for c := n.first; c != nil; c = c.next {
		out = c.digested(h, out)
	}
	return append(out, '}')
}
