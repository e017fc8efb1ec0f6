package blob

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

// ParseS3 reads where evidence is kept from an address such as s3://bucket/prefix?endpoint=https://s3.example.com&region=eu-north-1. The prefix,
// the endpoint (Amazon's) and the region (us-east-1) may be left out; style=virtual puts the bucket into the host name. Keys are no part of it.
func ParseS3(address string) (S3Config, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "s3" || u.Host == "" || u.Fragment != "" {
		return S3Config{}, errors.New(`write it like "s3://bucket?endpoint=https://s3.example.com&region=eu-north-1"`)
	}
	if u.User != nil {
		return S3Config{}, errors.New("keys do not belong into the address, where others read them: use USHER_BLOB_KEY")
	}
	cfg := S3Config{Bucket: u.Host, Prefix: strings.Trim(u.Path, "/")}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return S3Config{}, fmt.Errorf("the part behind ? cannot be read: %w", err)
	}
	for name, values := range query {
		value := values[0]
		switch {
		case len(values) > 1:
			return S3Config{}, fmt.Errorf("%s is given twice", name)
		case name == "region":
			cfg.Region = value
		case name == "style" && (value == "path" || value == "virtual"):
			cfg.Virtual = value == "virtual"
		case name == "endpoint":
			if err := cfg.setEndpoint(value); err != nil {
				return S3Config{}, err
			}
		default:
			return S3Config{}, fmt.Errorf("%s=%s is not known; there are endpoint, region and style=path or virtual", name, value)
		}
	}
	return cfg, nil
}

func (c *S3Config) setEndpoint(text string) error {
	e, err := url.Parse(text)
	if err != nil || e.Host == "" || e.User != nil || strings.Trim(e.Path, "/") != "" || (e.Scheme != "https" && e.Scheme != "http") {
		return fmt.Errorf("endpoint=%s is not like https://s3.example.com, without a path", text)
	}
	c.Endpoint, c.Plain = e.Host, e.Scheme == "http"
	if ip, err := netip.ParseAddr(e.Hostname()); c.Plain && err == nil && !ip.IsLoopback() && !ip.IsPrivate() {
		return fmt.Errorf("endpoint=%s: evidence does not go over plain http into the open; use https", text)
	}
	return nil
}
