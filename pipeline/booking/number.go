package booking

// number is what the grammar tells of a decimal without building it.
type number struct {
	zero     bool // every digit before the exponent is 0
	exponent int  // as written, held within ±exponentCap
}

// exponentCap is where the reading of an exponent stops: beyond it the exact
// value no longer matters.
const exponentCap = 1 << 20

// scanNumber checks text against the grammar of a JSON number (RFC 8259,
// section 6) and the bound on its length.
func scanNumber(text string) (number, bool) {
	if len(text) == 0 || len(text) > maxAmountText {
		return number{}, false
	}
	n := number{zero: true}
	i := 0
	if text[i] == '-' {
		i++
	}
	whole := i
	i = n.digits(text, i)
	if i == whole || (text[whole] == '0' && i > whole+1) {
		return number{}, false
	}
	if i < len(text) && text[i] == '.' {
		fraction := i + 1
		if i = n.digits(text, fraction); i == fraction {
			return number{}, false
		}
	}
	if i < len(text) && (text[i] == 'e' || text[i] == 'E') {
		return n, n.power(text[i+1:])
	}
	return n, i == len(text)
}

// digits passes over digits from i on and gives where they end.
func (n *number) digits(text string, i int) int {
	for ; i < len(text) && '0' <= text[i] && text[i] <= '9'; i++ {
		if text[i] != '0' {
			n.zero = false
		}
	}
	return i
}

// power reads what follows the e: a sign, then digits to the end.
func (n *number) power(text string) bool {
	negative := false
	if text != "" && (text[0] == '-' || text[0] == '+') {
		negative = text[0] == '-'
		text = text[1:]
	}
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
		n.exponent = min(n.exponent*10+int(text[i]-'0'), exponentCap)
	}
	if negative {
		n.exponent = -n.exponent
	}
	return text != ""
}
