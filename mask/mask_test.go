package mask

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestCardNumbersAreMaskedInsideText(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"alone":                     {"4111111111111111", "****1111"},
		"in a sentence":             {"Kartu saya 4111111111111111, tertelan.", "Kartu saya ****1111, tertelan."},
		"groups of four":            {"5500 0000 0000 0004", "****0004"},
		"dashes":                    {"no. 5500-0000-0000-0004.", "no. ****0004."},
		"mixed separators":          {"5500 0000-0000 0004", "****0004"},
		"spaced dashes":             {"5500 - 0000 - 0000 - 0004", "****0004"},
		"every digit apart":         {"4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", "****1111"},
		"no-break and thin spaces":  {"4111\u00a01111\u20091111\u202f1111", "****1111"},
		"typographic dashes":        {"4111\u20101111\u20131111\u22121111", "****1111"},
		"direction marks":           {"\u202a4111\u200e 1111 \u200e1111\u200b1111\u202c", "\u202a****1111\u202c"},
		"full-width digits":         {"４１１１　１１１１　１１１１　１１１１", "****1111"},
		"full-width hyphens":        {"４１１１－１１１１－１１１１－１１１１", "****1111"},
		"arabic digits":             {"٤١١١ ١١١١ ١١١١ ١١١١", "****1111"},
		"mathematical digits":       {"𝟒𝟏𝟏𝟏𝟙𝟙𝟙𝟙𝟣𝟣𝟣𝟣𝟭𝟭𝟭𝟭", "****1111"},
		"two cards":                 {"4111111111111111 / 378282246310005", "****1111 / ****0005"},
		"two cards side by side":    {"4111 1111 1111 1111 5500 0000 0000 0004", "****1111 ****0004"},
		"glued to a word":           {"Kartu4111111111111111 dan 5500000000000004x", "Kartu****1111 dan ****0004x"},
		"last letters are hex":      {"Card4111111111111111", "Card****1111"},
		"underscores":               {"kartu_4111111111111111_scan.pdf", "kartu_****1111_scan.pdf"},
		"markup of chats":           {"*4111111111111111*", "*****1111*"},
		"card number and CVV":       {"4111 1111 1111 1111 737", "****1111 737"},
		"card number and expiry":    {"4111111111111111 12/27", "****1111 12/27"},
		"number before it":          {"50 4111111111111111", "50 ****1111"},
		"short letters after":       {"4111 1111 1111 1111a.n. Budi", "****1111a.n. Budi"},
		"dash before and after":     {"-4111111111111111-", "-****1111-"},
		"behind a UUID":             {"9b2f8c1e-3d4a-4f5b-8c6d-7e8f9a0b1c2d-4111111111111111", "9b2f8c1e-3d4a-4f5b-8c6d-7e8f9a0b1c2d-****1111"},
		"longer than a UUID":        {"aaaaaaaa-4111-1111-1111-1111bbbbbbbbx", "aaaaaaaa-****1111bbbbbbbbx"},
		"invalid UTF-8 around":      {"\xff4111111111111111\xfe", "\xff****1111\xfe"},
		"a JSON number":             {"4111111111111111.0", "****1111.0"},
		"visible digits make a new": {"4242424242424242 4242 4242 4242", "****4242"},
	} {
		got, masked := Cards(c.in)
		if got != c.want || !masked {
			t.Errorf("%s: Cards(%q) = %q, %v; want %q", name, c.in, got, masked, c.want)
		}
	}
}

func TestWhatIsNoCardNumberStays(t *testing.T) {
	for name, s := range map[string]string{
		"nothing":                    "",
		"few digits":                 "Rp500.000 pada 19-12-2024",
		"wrong check digit":          "4111111111111112",
		"no scheme":                  "1234567812345670",
		"already masked":             "****1111, 411111******1111",
		"longer row of digits":       "41111111111111110000 00004111111111111111",
		"double spaces":              "4111  1111  1111  1111",
		"double dashes":              "4111--1111--1111--1111",
		"cells of a table":           "4111\t1111\t1111\t1111",
		"lines":                      "4111\n1111\n1111\n1111",
		"dots":                       "4.111.111.111.111.111",
		"UUID":                       "41111111-1111-4111-8111-111111111111",
		"UUID of digits":             "12345678-4111-1111-1111-111111111111",
		"hexadecimal run":            "deadbeef4111111111111111",
		"hexadecimal run, one more":  "4111111111111111F",
		"hexadecimal run in hyphens": "trace-a4111111111111111-01",
		"telephone":                  "+6281234567890 atau 0812-3456-7890",
		"time in milliseconds":       "1734604200000",
		"account number":             "1234567890",
		"document's references":      "TXN123456789 REF987654321 wa_msg_123456 req_123456789",
		"two separate halves":        "4111 1111 lalu 1111 1111",
	} {
		if got, masked := Cards(s); got != s || masked {
			t.Errorf("%s: Cards(%q) = %q, %v; want it unchanged", name, s, got, masked)
		}
	}
}

// testCards has a valid number for every line of the schemes and each end of its lengths.
var testCards = map[string]string{
	"Visa, 13 digits":     "4222222222222",
	"Visa, 16 digits":     "4012888888881881",
	"Visa, 19 digits":     withCheckDigit("400000000000000000"),
	"Mastercard":          "5105105105105100",
	"Mastercard, 2 first": "2221000000000009",
	"Mastercard, 2 last":  withCheckDigit("272099000000000"),
	"American Express 34": "343434343434343",
	"American Express 37": "378282246310005",
	"JCB":                 "3530111333300000",
	"Diners Club 305":     "30569309025904",
	"Diners Club 36":      "36227206271667",
	"Diners Club 38":      "38520000023237",
	"Diners Club, 19":     withCheckDigit("360000000000000000"),
	"Discover":            "6011111111111117",
	"Discover 65":         withCheckDigit("650000000000000"),
	"UnionPay, 16":        "6200000000000005",
	"UnionPay, 19":        withCheckDigit("620000000000000000"),
	"Maestro 50":          "5000000000000611",
	"Maestro 67, 19":      "6799998900000200010",
	"Maestro, 12":         withCheckDigit("67630000000"),
	"GPN":                 withCheckDigit("194634000000000"),
	"GPN of BRI":          withCheckDigit("601301000000000"),
}

// withCheckDigit puts Luhn's check digit behind a number. It is written differently from the code it checks.
func withCheckDigit(number string) string {
	sum := 0
	for i := range len(number) {
		digit := int(number[len(number)-1-i] - '0')
		if i%2 == 0 {
			digit = digit*2/10 + digit*2%10
		}
		sum += digit
	}
	return number + string(rune('0'+(10-sum%10)%10))
}

func TestCardsOfAllSchemesAreKnown(t *testing.T) {
	for name, number := range testCards {
		if !IsCard(number) {
			t.Errorf("%s: IsCard(%q) = false", name, number)
		}
		wrong := number[:len(number)-1] + string('0'+(number[len(number)-1]-'0'+1)%10)
		if IsCard(wrong) {
			t.Errorf("%s: IsCard(%q) with a wrong check digit = true", name, wrong)
		}
	}
}

func TestPrefixAndLengthMustFitAScheme(t *testing.T) {
	for name, number := range map[string]string{
		"Visa, 15 digits":            withCheckDigit("40000000000000"),
		"Mastercard, 15 digits":      withCheckDigit("51000000000000"),
		"just before Mastercard 2":   withCheckDigit("222099999999999"),
		"just after Mastercard 2":    withCheckDigit("272100000000000"),
		"American Express, 16":       withCheckDigit("340000000000000"),
		"just before JCB":            withCheckDigit("352700000000000"),
		"just after JCB":             withCheckDigit("359000000000000"),
		"Diners Club 306":            withCheckDigit("3060000000000"),
		"Indonesian mobile, 62":      withCheckDigit("628123456789"),
		"account of 12 digits at 60": withCheckDigit("60000000000"),
		"NIK of North Sulawesi":      withCheckDigit("717101010190000"),
		"20 digits":                  withCheckDigit("4000000000000000000"),
	} {
		if IsCard(number) {
			t.Errorf("%s: IsCard(%q) = true", name, number)
		}
	}
}

func TestIsCardWantsTheWholeText(t *testing.T) {
	for s, want := range map[string]bool{
		" 4111-1111-1111-1111 ": true, "4111 1111 1111 1111": true,
		"req_4111111111111111": false, "4111111111111111.": false, "4111111111111111 1": false, "-4111111111111111": false,
		"": false, " ": false, "4": false, "req-123": false,
	} {
		if got := IsCard(s); got != want {
			t.Errorf("IsCard(%q) = %v", s, got)
		}
	}
}

// drawCard draws a valid card number of any scheme.
func drawCard(t *rapid.T) string {
	scheme := rapid.SampledFrom(cardSchemes).Draw(t, "scheme")
	length := rapid.SampledFrom(scheme.lengths).Draw(t, "length")
	number := itoa4(rapid.IntRange(scheme.from, scheme.to).Draw(t, "prefix"))
	for len(number) < length-1 {
		number += string(rapid.RuneFrom([]rune("0123456789")).Draw(t, "digit"))
	}
	return withCheckDigit(number)
}

// itoa4 writes a number of four digits.
func itoa4(n int) string {
	return string([]byte{byte('0' + n/1000), byte('0' + n/100%10), byte('0' + n/10%10), byte('0' + n%10)})
}

// marked is the zero of a script (Khmer) that no other text of these tests uses, so that digits of a card that stay
// can be told from the same digits elsewhere.
const marked = '០'

// inScript writes a number with the digits of another script.
func inScript(number string, zero rune) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r - '0' + zero
		}
		return r
	}, number)
}

// drawGroups puts separators between some digits of a number.
func drawGroups(t *rapid.T, number string) string {
	separator := rapid.SampledFrom([]string{"", "", "", " ", "-", "\u00a0", "\u2013", " - ", "\u200b", "- "})
	var b strings.Builder
	for i, digit := range number {
		if i > 0 {
			b.WriteString(separator.Draw(t, "separator"))
		}
		b.WriteRune(digit)
	}
	return b.String()
}

// drawText draws text with many digits, separators, stars and hexadecimal letters, but without marked digits.
func drawText(t *rapid.T, label string) string {
	character := rapid.OneOf(rapid.RuneFrom([]rune("0123456789 -*aF.x/\u00a0４\n")), rapid.Rune())
	return strings.Map(func(r rune) rune {
		if r >= marked && r <= marked+9 {
			return '0'
		}
		return r
	}, rapid.StringOfN(character, 0, 60, -1).Draw(t, label))
}

// showsMarked reports whether a text has marked digits.
func showsMarked(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r >= marked && r <= marked+9 })
}

func TestNoCardNumberSurvivesInAnyText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := drawCard(t)
		card := inScript(drawGroups(t, number), marked)
		// The commas part it from digits and letters that would make it a piece of something longer.
		text := drawText(t, "before") + "," + card + "," + drawText(t, "after")
		got, masked := Cards(text)
		if !masked || showsMarked(got) || !strings.Contains(got, ",****"+number[len(number)-4:]+",") {
			t.Fatalf("Cards(%q) = %q, %v", text, got, masked)
		}
	})
}

// Whatever chance card number the neighbours make with a part of a card, no digit of it but the last four may stay.
func TestNoCardNumberSurvivesBesideOtherNumbers(t *testing.T) {
	neighbour := rapid.StringMatching(`[0-9]{1,8}( [0-9]{1,8})?`)
	rapid.Check(t, func(t *rapid.T) {
		number := drawCard(t)
		card := number[:4] + " " + number[4:8] + " " + number[8:12] + strings.TrimRight(" "+number[12:], " ")
		text := neighbour.Draw(t, "before") + " " + inScript(card, marked) + " " + neighbour.Draw(t, "after")
		if got, masked := Cards(text); !masked || showsMarked(got) {
			t.Fatalf("Cards(%q) = %q, %v", text, got, masked)
		}
	})
}

func TestUUIDsAndHexadecimalRunsNeverChange(t *testing.T) {
	hex := []rune("0123456789")
	rapid.Check(t, func(t *rapid.T) {
		digits := rapid.StringOfN(rapid.RuneFrom(append(hex, 'a', 'f')), 32, 32, -1).Draw(t, "digits")
		uuid := digits[:8] + "-" + digits[8:12] + "-" + digits[12:16] + "-" + digits[16:20] + "-" + digits[20:]
		before, after := drawCard(t)+"c", "E"+drawCard(t)
		for _, s := range []string{uuid, "id=" + uuid + ";", before, after, before + digits, digits + after} {
			if got, masked := Cards(s); got != s || masked {
				t.Fatalf("Cards(%q) = %q", s, got)
			}
		}
	})
}

func TestMaskingCardsAgainChangesNothing(t *testing.T) {
	part := rapid.Custom(func(t *rapid.T) string {
		if rapid.Bool().Draw(t, "card") {
			return drawGroups(t, drawCard(t))
		}
		return drawText(t, "text")
	})
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(part, 1, 6).Draw(t, "parts"), rapid.SampledFrom([]string{"", " ", "-"}).Draw(t, "glue"))
		once, masked := Cards(text)
		if masked == (once == text) {
			t.Fatalf("Cards(%q) = %q, %v", text, once, masked)
		}
		if twice, again := Cards(once); again || twice != once {
			t.Fatalf("Cards(%q) = %q, and of that %q", text, once, twice)
		}
	})
}

func TestMaskingCardsTakesLinearTime(t *testing.T) {
	const size = 128 << 10
	for name, unit := range map[string]string{
		"digits": "4111111111111111", "digits apart": "4 1-", "groups": "4111 ", "cards": "4111111111111111 ",
		"chained cards": "4242424242424242 4242 4242 4242 ", "hexadecimal": "4a1f", "separators": " -\u200b", "almost UUIDs": "41111111-1111-",
		"wide": "４ ", "almost groups": "4  ",
	} {
		text := strings.Repeat(unit, size/len(unit))
		small, large := timeOf(text[:len(text)/16]), timeOf(text)
		// Sixteen times the text may take sixteen times the time; a quadratic rule would take 256 times.
		if large > 80*small+50*time.Millisecond {
			t.Errorf("%s: %v for %d bytes, but %v for %d", name, small, len(text)/16, large, len(text))
		}
	}
}

// timeOf returns the shortest of three times that masking a text takes.
func timeOf(text string) time.Duration {
	shortest := time.Duration(1<<63 - 1)
	for range 3 {
		begin := time.Now()
		Cards(text)
		shortest = min(shortest, time.Since(begin))
	}
	return shortest
}

func TestPersonalDataIsMasked(t *testing.T) {
	for name, c := range map[string]struct {
		mask     func(string) string
		in, want string
	}{
		"account":                     {Account, "1234567890", "******7890"},
		"account of five":             {Account, "12345", "*2345"},
		"short account":               {Account, "1234", "****"},
		"no account":                  {Account, "", ""},
		"masked account":              {Account, "******7890", "******7890"},
		"one star is not masked":      {Account, "*1234567890", "*******7890"},
		"wide account":                {Account, "１２３４５６", "**３４５６"},
		"identifier":                  {Identifier, "CIF123456", "*****3456"},
		"short identifier":            {Identifier, "CIF1234", "*******"},
		"masked identifier":           {Identifier, "*****3456", "*****3456"},
		"document's phone":            {Phone, "+628123456789", "+62812****6789"},
		"longer phone":                {Phone, "+62 812-3456-7890", "+62812****7890"},
		"wide phone":                  {Phone, "＋６２８１２３４５６７８９", "62812****6789"},
		"masked phone":                {Phone, "+62812****6789", "+62812****6789"},
		"national phone":              {Phone, "0812 3456 789", "0812****6789"},
		"fixed line":                  {Phone, "+62431851234", "+62****1234"},
		"local fixed line":            {Phone, "0431851234", "04****1234"},
		"without area":                {Phone, "85123456", "****3456"},
		"short phone":                 {Phone, "1500659", "****"},
		"no phone number":             {Phone, "belum ada", "****"},
		"no phone":                    {Phone, "", ""},
		"e-mail":                      {Email, "jane.smith@email.com", "j***@email.com"},
		"e-mail of one letter":        {Email, "j@email.com", "***@email.com"},
		"e-mail of another alphabet":  {Email, "éva@email.com", "é***@email.com"},
		"e-mail with an at in quotes": {Email, `"a@b"@email.com`, `"***@email.com`},
		"masked e-mail":               {Email, "j***@email.com", "j***@email.com"},
		"no name":                     {Email, "@email.com", "***@email.com"},
		"no address":                  {Email, "jane", "***"},
		"no e-mail":                   {Email, "", ""},
	} {
		if got := c.mask(c.in); got != c.want {
			t.Errorf("%s: %q became %q, want %q", name, c.in, got, c.want)
		}
	}
}

func TestPersonalDataNeverStaysAndMasksOnce(t *testing.T) {
	masks := map[string]func(string) string{
		"account": Account, "identifier": Identifier, "phone": Phone, "email": Email,
	}
	value := rapid.OneOf(rapid.StringMatching(`\+?[0-9 *-]{0,20}`), rapid.StringMatching(`[a-z*]{0,4}@?[a-z]{0,3}`), rapid.String())
	rapid.Check(t, func(t *rapid.T) {
		s := value.Draw(t, "value")
		for name, mask := range masks {
			masked := mask(s)
			if masked == s && s != "" && !strings.Contains(s, "*") {
				t.Fatalf("%s: %q stayed", name, s)
			}
			if again := mask(masked); again != masked {
				t.Fatalf("%s: %q became %q, then %q", name, s, masked, again)
			}
		}
	})
}

func TestWhatIsShownStaysOnItsLine(t *testing.T) {
	for text, want := range map[string]string{
		"Rp 5.000 – é 語":    "Rp 5.000 – é 語",
		"a\tb\r\nc\u2028d":  "a b  c d",
		"\x1b[2J\x00\u202e": "\ufffd[2J\ufffd\ufffd",
		"\xff":              "\ufffd",
		"":                  "",
	} {
		if got := Showable(text); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
}

func TestTheBeginningOfAnAnswerIsOneLineWithoutCards(t *testing.T) {
	for name, c := range map[string]struct{ said, want string }{
		"short":               {" ok\r\n", "ok"},
		"lines and a control": {"a\nb\x1b[2J", "a b\uFFFD[2J"},
		"as long as allowed":  {"1234567890", "1234567890"},
		"longer":              {"éééééééééééé", "éééééééééé…"},
		"a card":              {"4111 1111 1111 1111", "****1111"},
		"a card at the cut":   {"say 4111111111111111!", "say ****11…"},
	} {
		if got := Beginning(c.said, 10); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}
