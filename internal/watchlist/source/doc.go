// Package source reads watchlists: it turns the files that publishers give out into watchlist.Entity records, fetches and keeps editions of them, and
// refuses what is not the list that it seems to be.
//
//	address or folder ──Fetcher──▶ Library.Import ──Read, guards──▶ DIR/<list>/<version>/ ──current──▶ Library.Read ──▶ index
//
// [Detect] looks through a folder for lists, [Read] streams one. Both know nothing of where a list came from.
//
// # Formats
//
//   - [OFACLegacy]: OFAC's four CSV files without headers (sdn, alt, add, sdn_comments) and those of its consolidated non-SDN list (cons_prim, …). Dates,
//     places, numbers and weak aliases come out of the remarks, which go on in the comments file, even mid-word.
//   - [OFACAdvanced]: OFAC's advanced XML (sdn_advanced.xml, cons_advanced.xml).
//   - [UN]: the Security Council's consolidated XML.
//   - [EUCSV], [EUXML], [EUOld]: the EU's financial sanctions, CSV 1.1, XML 1.1 and the CSV layout of 2018.
//   - [UKCSV]: the UK Sanctions List, the CSV with 58 columns.
//   - [USCSL]: the US Consolidated Screening List CSV. The same record in several of its lists is one, with all of them in Datasets.
//   - [OpenSanctionsCSV], [OpenSanctionsFTM]: targets.simple.csv, and FollowTheMoney JSON lines, with delta files (ADD, MOD, DEL) applied in the order of
//     their names.
//   - [Own]: a firm's own list, see below.
//
// Files may be packed with gzip, may begin with a byte order mark, may be UTF-16 with one; rows that are not UTF-8 are read as Windows-1252 and counted.
//
// # A firm's own list
//
// A CSV file in UTF-8 with a header row, separated by commas, semicolons or tabs. Only id and name must be there; columns with other names are ignored.
// Several values in one cell are separated by semicolons (by | where the columns are).
//
//	id            unique in the list, and the same in every edition
//	name          the full name
//	first_name, last_name   where they are known
//	aliases       other names
//	weak_aliases  other names that say little by themselves, such as a nickname
//	kind          person, organization, vessel or aircraft; empty is searched with every kind
//	birth_date    YYYY-MM-DD, YYYY-MM, YYYY, "1958 to 1960", "circa 1960"
//	birth_place
//	gender        male or female
//	countries     of nationality or registration: alpha-2, alpha-3 or English name
//	ids           kind:value or kind:country:value, such as passport:FR:12AB34567
//	addresses, programs, titles
//	topics        sanction, pep, blocklist, wanted, …; empty takes "blocklist"
//	listed        the day of listing
//	remarks
//
// A last line "# count: 12" declares the number of records, so that a cut file is noticed.
package source
