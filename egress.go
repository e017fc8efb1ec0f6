package usher

import (
	"net/url"
	"slices"
	"strings"
)

// mostHosts is how many a tenant's list of webhook hosts may have.
const mostHosts = 100

// MaySend tells whether webhooks of the tenant, and the credentials that fetch tokens for them, may go to an address: to every one while no host is
// listed. The error is for the field url.
func (t Tenant) MaySend(address string) error {
	if len(t.WebhookHosts) == 0 {
		return nil
	}
	u, err := url.Parse(address)
	if err != nil {
		return Invalid("url", "give a whole address, such as https://client.example/webhooks")
	}
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	if !slices.ContainsFunc(t.WebhookHosts, func(listed string) bool {
		suffix, wild := strings.CutPrefix(listed, "*")
		return listed == host || wild && len(host) > len(suffix) && strings.HasSuffix(host, suffix)
	}) {
		return Invalid("url", "this host is not on the tenant's list of webhook hosts; use one that is, or have the operator of the server add it")
	}
	return nil
}

// GoodHosts gives a list of webhook hosts in the form in which it is kept: lower case, sorted, each once. A host is a name, or * and a dot before one,
// which stands for every name below it and not for the name itself. Invalid tells what is none.
func GoodHosts(list []string) ([]string, error) {
	var good []string
	for _, given := range list {
		host := strings.ToLower(strings.TrimSpace(given))
		name := strings.TrimPrefix(host, "*.")
		if len(name) == 0 || len(name) > 253 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-.:") != "" ||
			strings.HasPrefix(name, ".") || strings.HasSuffix(name, ".") || strings.Contains(name, "..") {
			return nil, Invalid("hosts", "write host names, such as hooks.example.com, or *.example.com for all below one; without port and path")
		}
		good = append(good, host)
	}
	slices.Sort(good)
	good = slices.Compact(good)
	if len(good) > mostHosts {
		return nil, Invalid("hosts", "at most %d hosts can be listed", mostHosts)
	}
	return good, nil
}
