package postgres

// What tests reach into: the migrations of a version that does not exist yet.
var (
	Migrations  = migrations
	MigrateWith = migrateWith
)
