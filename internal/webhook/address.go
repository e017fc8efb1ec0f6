package webhook

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	usher "github.com/usher-kyc/usher"
)

// 2,048 is what common servers and proxies take.
const maxURL = 2048

// CheckURL tells whether an address may be registered, with the rules of production or of dev mode. The error is an *usher.Error for the
// field url that names the way out. It looks at the text only and asks no name server: what a name stands for is checked when it is dialled.
func CheckURL(raw string, dev bool) error {
	return ClientConfig{Dev: dev}.CheckURL(raw)
}

// CheckURL is [CheckURL] with the ports and networks of this configuration.
func (c ClientConfig) CheckURL(raw string) error {
	if why := c.objection(raw); why != "" {
		return usher.Invalid("url", "%s", why)
	}
	return nil
}

// objection says what is wrong with an address and how to put it right, or "".
func (c ClientConfig) objection(raw string) string {
	if len(raw) > maxURL {
		return "use an address of at most 2,048 characters"
	}
	u, err := url.Parse(raw)
	if err != nil || u.Opaque != "" || u.Hostname() == "" {
		return "give a whole address, such as https://client.example/webhooks"
	}
	switch {
	case u.Scheme == "http" && !c.Dev:
		return "use https:// in place of http://; messages about people are not sent in the clear"
	case u.Scheme != "https" && u.Scheme != "http":
		return "use an address that begins with https://"
	case u.User != nil:
		return "take the user name and password out of the address and give them as auth, type basic"
	case u.Fragment != "":
		return "take the part after # out of the address; it is never sent"
	}
	if why := c.portObjection(u); why != "" {
		return why
	}
	return c.hostObjection(u.Hostname())
}

func (c ClientConfig) portObjection(u *url.URL) string {
	if u.Port() == "" {
		if u.Scheme == "https" && !c.Dev && !slices.Contains(c.ports(), 443) {
			return "write one of these ports: " + c.portList()
		}
		return ""
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	if err != nil || port == 0 {
		return "use a port from 1 to 65535, or none"
	}
	if !c.Dev && !slices.Contains(c.ports(), uint16(port)) {
		return "use one of these ports: " + c.portList()
	}
	return ""
}

func (c ClientConfig) portList() string {
	var words []string
	for _, p := range c.ports() {
		words = append(words, strconv.Itoa(int(p)))
	}
	return strings.Join(words, ", ")
}

func (c ClientConfig) hostObjection(host string) string {
	const public = "use an address that can be reached from the internet"
	if addr, err := netip.ParseAddr(host); err == nil {
		if addr.Zone() != "" || c.guardian().SafeAddr(addr) != nil {
			return public
		}
		return ""
	}
	for _, r := range host {
		if r > 0x7e || r <= ' ' {
			return "write the host name in its ASCII form (xn--…)"
		}
	}
	name := strings.ToLower(strings.TrimSuffix(host, "."))
	last := name[strings.LastIndexByte(name, '.')+1:]
	switch {
	case last == "localhost":
		if c.Dev {
			return ""
		}
		return public
	case isNumber(last):
		// 127.1, 0x7f000001 and 2130706433 are addresses to some resolvers and names to others.
		return "write an IP address in its usual form, such as 192.0.2.1"
	case last == name && len(c.Allow) == 0 && !c.Dev:
		return public + "; a name without a dot is only known inside a network"
	}
	return ""
}

// isNumber tells whether the last label of a host makes it an IPv4 address in the reading of the WHATWG URL standard, section 3.5.
func isNumber(label string) bool {
	if label == "" {
		return true
	}
	if hex, ok := strings.CutPrefix(label, "0x"); ok {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return strings.Trim(label, "0123456789") == ""
}
