// Package dialecttest holds a dialect to golden transcripts: what a client sends, what it is answered, and which webhooks follow, in order.
// Only tests import it.
//
// A transcript is a text file of sections, in the manner of txtar. The lines of a section that begin with ">" are a request, one that begins
// with "!" is something that happens elsewhere (an [Act]: the applicant sends the form, a reviewer decides, time passes); the rest is what came
// of it and is written by the tests themselves when they run with -update:
//
//	-- the client creates an individual --
//	> POST /v3/individuals
//	> Idempotency-Key: k1
//	> {"first_name": "Ann"}
//
//	200
//	{
//	  "id": "<id 1>",
//	  "created_at": "<time>"
//	}
//	-- a reviewer decides --
//	! approve <id 1>
//
//	webhook IndividualActivated
//	{
//	  "id": "<id 2>"
//	}
//
// What differs from run to run stands under a name that does not: an id is "<id 1>" by the order in which ids are first seen, a secret goes by
// the member it was given out in, "<access_token 1>", and every time is "<time>". A request may use the names of what was seen before.
package dialecttest
