package emrtd

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"strings"
)

// The tags of data groups, of class application (Doc 9303 part 10, section 4.7).
const (
	applicationDG1  = 1
	applicationDG2  = 21
	applicationDG11 = 11
	applicationDG12 = 12
)

// MRZ gives the lines of the machine readable zone in DG1.
func MRZ(dg1 []byte) ([]string, error) {
	group, err := group(dg1, applicationDG1)
	if err != nil {
		return nil, err
	}
	zone := string(group.want(application, 0x1f).body)
	if group.err != nil {
		return nil, group.err
	}
	width := map[int]int{90: 30, 72: 36, 88: 44}[len(zone)]
	if width == 0 {
		return nil, malformed("a zone of %d characters", len(zone))
	}
	var lines []string
	for ; zone != ""; zone = zone[width:] {
		lines = append(lines, zone[:width])
	}
	return lines, nil
}

func group(file []byte, tag int) (*parts, error) {
	e, _, err := next(file)
	if err != nil {
		return nil, err
	}
	if !e.is(application, tag) {
		return nil, malformed("the file is not this data group")
	}
	return e.parts(), nil
}

// The formats of portraits.
const (
	JPEG     = "jpeg"
	JPEG2000 = "jpeg2000"
)

// Portrait is the picture of the holder.
type Portrait struct {
	Format string // JPEG or JPEG2000
	Data   []byte
}

// PortraitOf takes the first portrait out of DG2: out of an ISO/IEC 19794-5 record, or out of one of ISO/IEC 39794-5. It does
// not decode the picture.
func PortraitOf(dg2 []byte) (Portrait, error) {
	outer, err := group(dg2, applicationDG2)
	if err != nil {
		return Portrait{}, err
	}
	templates := outer.want(application, 0x61).parts() // biometric information group template
	templates.integer()                                // how many
	first := templates.want(application, 0x60).parts()
	for _, p := range []*parts{outer, templates} {
		if p.err != nil {
			return Portrait{}, p.err
		}
	}
	for first.more() {
		block := first.any()
		if !block.is(application, 0x2e) {
			continue
		}
		if bytes.HasPrefix(block.body, []byte("FAC\x00")) {
			return facialRecord(block.body)
		}
		if p, ok := pictureWithin(block.body, 0); ok {
			return p, nil
		}
		return Portrait{}, unsupported("the portrait is in a format that is not known")
	}
	return Portrait{}, malformed("there is no portrait")
}

// facialRecord reads ISO/IEC 19794-5:2005, section 5: header, information on the face, points, information on the picture,
// picture.
func facialRecord(b []byte) (Portrait, error) {
	const header, face, point, picture = 14, 20, 8, 12
	if len(b) < header+face {
		return Portrait{}, malformed("the facial record breaks off")
	}
	b = b[header:]
	length, points := int(binary.BigEndian.Uint32(b)), int(binary.BigEndian.Uint16(b[4:]))
	from := face + points*point + picture
	if length > len(b) || from >= length {
		return Portrait{}, malformed("the facial record is longer than it says")
	}
	return pictureOf(b[from:length])
}

func pictureOf(data []byte) (Portrait, error) {
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xd8\xff")):
		return Portrait{JPEG, data}, nil
	case bytes.HasPrefix(data, []byte("\x00\x00\x00\x0cjP  ")), bytes.HasPrefix(data, []byte("\xff\x4f\xff\x51")):
		return Portrait{JPEG2000, data}, nil
	}
	return Portrait{}, unsupported("the portrait is neither JPEG nor JPEG 2000")
}

// pictureWithin looks for a picture in the elements of an ISO/IEC 39794-5 record, which is ASN.1.
func pictureWithin(b []byte, depth int) (Portrait, bool) {
	if depth > maxDepth {
		return Portrait{}, false
	}
	for p := (&parts{rest: b}); p.more(); {
		e := p.any()
		if !e.constructed {
			if found, err := pictureOf(e.body); err == nil {
				return found, true
			}
			continue
		}
		if found, ok := pictureWithin(e.body, depth+1); ok {
			return found, true
		}
	}
	return Portrait{}, false
}

// details are the members of DG11 and DG12 that are text, by tag.
var details = map[int]map[int]string{
	applicationDG11: {
		0x0e: "full_name", 0x0f: "other_name", 0x10: "personal_number", 0x2b: "date_of_birth", 0x11: "place_of_birth", 0x42: "address",
		0x12: "phone", 0x13: "profession", 0x14: "title",
	},
	applicationDG12: {0x19: "issuing_authority", 0x26: "date_of_issue", 0x1b: "endorsements"},
}

// Details gives what DG11 or DG12 says in words, by name: full_name, personal_number, date_of_birth, place_of_birth, address,
// phone, profession, title, issuing_authority, date_of_issue, endorsements. Dates are YYYY-MM-DD.
func Details(file []byte) (map[string]string, error) {
	e, _, err := next(file)
	if err != nil {
		return nil, err
	}
	names, ok := details[e.tag]
	if !ok || e.class != application {
		return nil, malformed("the file is neither DG11 nor DG12")
	}
	said := map[string]string{}
	p := e.parts()
	for p.more() {
		one := p.any()
		name, known := names[one.tag]
		if !known || one.class != application {
			continue
		}
		value := strings.TrimSpace(strings.ReplaceAll(textOf(one), "<", " "))
		if strings.HasPrefix(name, "date_") {
			value = day(one.body)
		}
		if value != "" {
			said[name] = strings.Join(strings.Fields(value), " ")
		}
	}
	return said, p.err
}

// day reads a date of eight digits, or of four bytes with two digits each; "" when it is neither.
func day(b []byte) string {
	digits := string(b)
	if len(b) == 4 {
		digits = hex.EncodeToString(b)
	}
	if len(digits) != 8 || strings.Trim(digits, "0123456789") != "" {
		return ""
	}
	return digits[:4] + "-" + digits[4:6] + "-" + digits[6:]
}
