package booking

import "time"

// Event is one booking event. Its JSON form is the value of bookings.events
// and, with the merged booking, of bookings.current. What readers of a topic do
// not see (`json:"-"`) is said in Origin.
type Event struct {
	Booking        Booking       `json:"booking"`
	Cancellation   *Cancellation `json:"cancellation"`
	RefundReported []Reported    `json:"refund_reported"`
	Payment        *Payment      `json:"payment"`
	// Stale says that a newer state of the booking was published before.
	Stale   bool    `json:"stale"`
	Quality Quality `json:"quality"`
	Lineage Lineage `json:"lineage"`

	// ID is the deterministic ce_id (invariant 7), Type the ce_type, Time the
	// ce_time: when it happened at the provider, else when we received it.
	ID   string    `json:"-"`
	Type Type      `json:"-"`
	Time time.Time `json:"-"`

	Origin Origin `json:"-"`
}

// Origin is what the pipeline needs to know of where an event came from.
type Origin struct {
	// EventID is the provider's own id of this event, "" where it has none.
	EventID string `json:"event_id,omitempty"`
	// Content is the version of the content: equal content has an equal
	// version, and any difference a reader could see makes another.
	Content string `json:"content"`
	// Revision is the provider's own rising version number, 0 where it has none.
	Revision int64 `json:"revision,omitempty"`
	// At is the provider's time of this version, zero where it has none.
	At time.Time `json:"at,omitzero"`
	// Thin says that the webhook tells only what changed, not the whole
	// booking: what it lacks is inherited from the latest state.
	Thin bool `json:"thin,omitempty"`
	// LookedUp says that the content came from a look-up: two triggers that
	// find the same content are then one event.
	LookedUp bool `json:"looked_up,omitempty"`
	// NativeKey is the provider's key of the booking: the booking id without
	// the name of the source.
	NativeKey string `json:"native_key"`
}

// Type is a ce_type.
type Type string

// The types.
const (
	Created         Type = "travel.booking.created.v1"
	Updated         Type = "travel.booking.updated.v1"
	Confirmed       Type = "travel.booking.confirmed.v1"
	Cancelled       Type = "travel.booking.cancelled.v1"
	Expired         Type = "travel.booking.expired.v1"
	PaymentRecorded Type = "travel.booking.payment_recorded.v1"
	// Decided is the type of records in bookings.decisions.
	Decided Type = "travel.booking.decided.v1"
)

// Types gives the types of events on bookings.events.
func Types() []Type {
	return []Type{Created, Updated, Confirmed, Cancelled, Expired, PaymentRecorded}
}

// Booking is the booking as far as the event tells it; null is not known.
type Booking struct {
	ID            string     `json:"id"`       // <source>/<native key>; the key of the record
	Provider      string     `json:"provider"` // the plugin
	Source        string     `json:"source"`   // its name in the configuration
	Refs          []Ref      `json:"refs"`     // other names of the booking
	Kind          Kind       `json:"kind"`
	Status        Status     `json:"status"`
	StatusNative  *string    `json:"status_native"` // the provider's word, where it is a known one
	PaymentStatus string     `json:"payment_status"`
	BookedAt      *time.Time `json:"booked_at"`
	ConfirmedAt   *time.Time `json:"confirmed_at"`
	CancelledAt   *time.Time `json:"cancelled_at"`
	UpdatedAt     *time.Time `json:"updated_at"`
	Service       *Service   `json:"service"`
	Product       *Product   `json:"product"`
	Party         *Party     `json:"party"`
	Price         *Price     `json:"price"`
	Terms         *Terms     `json:"terms"`
	People        []Person   `json:"people"`
}

// Ref is another name of the booking, such as a channel's confirmation code.
type Ref struct {
	Kind  string `json:"kind"`
	Value string `json:"value"`
}

// Kind is what was booked; empty is not known, and is listed as missing.
type Kind string

// The kinds.
const (
	Stay           Kind = "stay"
	Tour           Kind = "tour"
	StudentHousing Kind = "student_housing"
	ServiceKind    Kind = "service"
)

// Kinds gives every kind.
func Kinds() []Kind { return []Kind{Stay, Tour, StudentHousing, ServiceKind} }

// Status is the state of a booking in our words.
type Status string

// The statuses.
const (
	StatusQuoted    Status = "quoted"
	StatusPending   Status = "pending"
	StatusConfirmed Status = "confirmed"
	StatusCancelled Status = "cancelled"
	StatusExpired   Status = "expired"
	StatusRejected  Status = "rejected"
	StatusCompleted Status = "completed"
	StatusNoShow    Status = "no_show"
	StatusUnknown   Status = "unknown"
)

// Statuses gives every status.
func Statuses() []Status {
	return []Status{
		StatusQuoted, StatusPending, StatusConfirmed, StatusCancelled, StatusExpired,
		StatusRejected, StatusCompleted, StatusNoShow, StatusUnknown,
	}
}

// Payment statuses in our words.
const (
	PaymentUnknown = "unknown"
	PaymentUnpaid  = "unpaid"
	PaymentPartial = "partial"
	PaymentPaid    = "paid"
)

// Service is when the booked thing happens.
type Service struct {
	StartsAt   *time.Time `json:"starts_at"` // instants, UTC
	EndsAt     *time.Time `json:"ends_at"`
	StartLocal *string    `json:"start_local"` // wall time in Zone, 2006-01-02T15:04
	EndLocal   *string    `json:"end_local"`
	Zone       string     `json:"zone"`      // IANA name
	Precision  Precision  `json:"precision"` // day: the hours were assumed
	Nights     *int       `json:"nights"`
}

// Precision says how exactly the provider tells the start.
type Precision string

// The precisions.
const (
	Day    Precision = "day"
	Minute Precision = "minute"
)

// Product is what was booked; ids are the provider's, external ones the supplier's.
type Product struct {
	ID         *string `json:"id"`
	ExternalID *string `json:"external_id"`
	Name       *string `json:"name"`
}

// Party is how many people.
type Party struct {
	Size     *int `json:"size"`
	Adults   *int `json:"adults"`
	Children *int `json:"children"`
}

// Price is what the booking costs; components may be fewer than the total.
type Price struct {
	Currency   string      `json:"currency"`    // ISO 4217, upper case
	Exponent   int         `json:"exponent"`    // digits of the minor unit
	TotalMinor int64       `json:"total_minor"` // in minor units
	Components []Component `json:"components"`
}

// Component is one part of a price.
type Component struct {
	Type        string `json:"type"`
	AmountMinor int64  `json:"amount_minor"`
}

// Terms are the cancellation terms the booking was made under.
type Terms struct {
	LabelNative *string `json:"label_native"` // the provider's word, where it is a known one
	Tier        *string `json:"tier"`         // key into the policies' tiers, such as goodbay.moderate
}

// Person is one person of the booking. Identity is what the provider knows
// them by (a mail address, an id); the normalise stage turns it into Token and
// it goes no further (invariant 10).
type Person struct {
	Role     string `json:"role"`
	Token    string `json:"token"`
	Identity string `json:"-"`
}

// Cancellation is who called the booking off, when and why.
type Cancellation struct {
	RequestedAt  *time.Time `json:"requested_at"`
	By           By         `json:"by"`
	ReasonCode   *string    `json:"reason_code"`   // ours
	ReasonNative *string    `json:"reason_native"` // the provider's, where it is one of its known labels
}

// By says who cancelled.
type By string

// Who can cancel.
const (
	ByGuest    By = "guest"
	BySupplier By = "supplier"
	ByPlatform By = "platform"
	BySystem   By = "system"
	ByUnknown  By = "unknown"
)

// Reported is a refund as the provider reports it, in one of its fields. The
// currency and exponent are null where it does not say; the amount is then
// there only where the field's name gives the unit.
type Reported struct {
	Field       string  `json:"field"`
	Currency    *string `json:"currency"`
	Exponent    *int    `json:"exponent"`
	AmountMinor *int64  `json:"amount_minor"`
}

// Payment is a payment, and what of it is for this booking.
type Payment struct {
	ID          string     `json:"id"`
	TotalMinor  *int64     `json:"total_minor"`  // the whole payment
	AmountMinor *int64     `json:"amount_minor"` // this booking's part
	Currency    *string    `json:"currency"`
	Exponent    *int       `json:"exponent"`
	Status      *string    `json:"status"`
	Type        *string    `json:"type"`
	PaidAt      *time.Time `json:"paid_at"`
}

// Quality says what a reader must know before trusting a field. Missing,
// Assumed and Inherited are paths of the event such as `price` or
// `service.starts_at`, within the booking; Conflicts are short codes.
type Quality struct {
	Missing   []string `json:"missing"`
	Assumed   []string `json:"assumed"`
	Inherited []string `json:"inherited"`
	Conflicts []string `json:"conflicts"`
}

// Lineage says where the event came from.
type Lineage struct {
	DeliveryID  string     `json:"delivery_id"`
	Raw         RawRef     `json:"raw"`
	Verified    string     `json:"verified"` // hmac-sha256, url-secret
	NativeEvent *string    `json:"native_event"`
	Plugin      string     `json:"plugin"`
	LookedUpAt  *time.Time `json:"looked_up_at"`
}

// RawRef is the raw record.
type RawRef struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	Offset    int64  `json:"offset"`
	SHA256    string `json:"sha256"` // of the body, lower case hex
}
