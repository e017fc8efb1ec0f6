package sqlite

// What tests reach into: a way to stand between the store and the driver.
var (
	OpenWith = openWith
	Address  = address
)
