package policy

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/reservoirhq/reservoir/pipeline/booking/jsontext"
)

var errYear = errors.New("the time of the decision has a year that RFC 3339 has no form for")

// encode writes the decision, byte for byte as encoding/json does: the fields
// of the types in their order, with HTML escapes.
func (d *Decision) encode() ([]byte, error) {
	if y := d.AsOf.Year(); y < 0 || y > 9999 {
		return nil, errYear
	}
	var room [2048]byte // most decisions; a longer one is written all the same
	dst, err := d.append(room[:0])
	if err != nil {
		return nil, err
	}
	if !bytes.ContainsAny(dst, "<>&") {
		return bytes.Clone(dst), nil
	}
	var escaped bytes.Buffer
	json.HTMLEscape(&escaped, dst)
	return escaped.Bytes(), nil
}

func (d *Decision) append(dst []byte) ([]byte, error) {
	dst = jsontext.Text(dst, `{"schema":`, d.Schema)
	dst = jsontext.Text(dst, `,"decision_id":`, d.DecisionID)
	dst = jsontext.Text(dst, `,"booking_id":`, d.BookingID)
	dst = jsontext.Text(dst, `,"event_id":`, d.EventID)
	dst = jsontext.Text(dst, `,"event_type":`, d.EventType)
	dst = jsontext.Time(dst, `,"as_of":`, d.AsOf)
	dst = jsontext.Text(dst, `,"mode":`, d.Mode)
	dst = jsontext.Text(dst, `,"decision":`, d.Decision)
	dst = d.appendSums(dst)
	dst = appendLines(append(dst, `,"lines":`...), d.Lines)
	dst, err := appendReasons(append(dst, `,"reasons":`...), d.Reasons)
	if err != nil {
		return nil, err
	}
	dst = appendViolations(append(dst, `,"violations":`...), d.Violations)
	dst = jsontext.MaybeText(dst, `,"policy":{"id":`, d.Policy.ID)
	dst = jsontext.MaybeText(dst, `,"version":`, d.Policy.Version)
	dst = jsontext.MaybeText(dst, `,"revision":`, d.Policy.Revision)
	dst = jsontext.Text(dst, `,"digest":`, d.Policy.Digest)
	dst = jsontext.Text(dst, `},"refund_key":`, d.RefundKey)
	dst = jsontext.MaybeText(dst, `,"supersedes":`, d.Supersedes)
	dst = jsontext.Text(dst, `,"engine":`, d.Engine)
	dst, err = appendLabels(append(dst, `,"rule_labels":`...), d.RuleLabels)
	return append(dst, '}'), err
}

func (d *Decision) appendSums(dst []byte) []byte {
	dst = jsontext.MaybeInt(dst, `,"refund_minor":`, d.RefundMinor)
	dst = jsontext.MaybeInt(dst, `,"retained_minor":`, d.RetainedMinor)
	dst = jsontext.MaybeInt(dst, `,"reported_minor":`, d.ReportedMinor)
	dst = jsontext.MaybeText(dst, `,"currency":`, d.Currency)
	dst = jsontext.MaybeInt(dst, `,"exponent":`, d.Exponent)
	dst = jsontext.MaybeInt(dst, `,"rate_bp":`, d.RateBP)
	dst = jsontext.MaybeText(dst, `,"tier":`, d.Tier)
	dst = jsontext.MaybeText(dst, `,"tier_version":`, d.TierVersion)
	return jsontext.MaybeText(dst, `,"rule":`, d.Rule)
}

func appendLines(dst []byte, lines []Line) []byte {
	if lines == nil {
		return append(dst, jsontext.Null...)
	}
	dst = append(dst, '[')
	for i := range lines {
		l := &lines[i]
		dst = jsontext.Text(comma(dst, i), `{"type":`, l.Type)
		dst = jsontext.Int(dst, `,"paid_minor":`, l.PaidMinor)
		dst = jsontext.Int(dst, `,"bp":`, l.BP)
		dst = jsontext.Int(dst, `,"keep_nights":`, l.KeepNights)
		dst = append(jsontext.Int(dst, `,"refund_minor":`, l.RefundMinor), '}')
	}
	return append(dst, ']')
}

func appendReasons(dst []byte, reasons []Reason) (_ []byte, err error) {
	if reasons == nil {
		return append(dst, jsontext.Null...), nil
	}
	dst = append(dst, '[')
	for i := range reasons {
		r := &reasons[i]
		dst = jsontext.Text(comma(dst, i), `{"code":`, r.Code)
		dst = jsontext.Text(dst, `,"message":`, r.Message)
		if dst, err = appendParams(append(dst, `,"params":`...), r.Params); err != nil {
			return nil, err
		}
		dst = append(dst, '}')
	}
	return append(dst, ']'), nil
}

func appendViolations(dst []byte, violations []Violation) []byte {
	if violations == nil {
		return append(dst, jsontext.Null...)
	}
	dst = append(dst, '[')
	for i := range violations {
		v := &violations[i]
		dst = jsontext.Text(comma(dst, i), `{"code":`, v.Code)
		dst = jsontext.Text(dst, `,"severity":`, v.Severity)
		dst = append(jsontext.Text(dst, `,"message":`, v.Message), '}')
	}
	return append(dst, ']')
}

// comma stands before every entry of a list but the first.
func comma(dst []byte, i int) []byte {
	if i > 0 {
		return append(dst, ',')
	}
	return dst
}
