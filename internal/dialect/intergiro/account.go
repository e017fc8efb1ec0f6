package intergiro

const currentAccount = "current"

func (d *Dialect) createAccount(r request) (any, error) {
	id := r.body.text("individual_id", true, anything)
	kind := r.body.text("type", false, isOneOf(currentAccount))
	if err := r.body.err(); err != nil {
		return nil, err
	}
	if kind == "" {
		kind = currentAccount
	}
	if _, err := d.allowed(r, id, activated); err != nil {
		return nil, err
	}
	a, err := d.Service.OpenAccount(r.Context(), r.p.Client, id, kind)
	if err != nil {
		return nil, err
	}
	// Balances are kept by whoever keeps the ledger; of an account opened this moment zero is true.
	return account{ID: a.ID, Name: a.Name, Currency: a.Currency, CreatedAt: timestamp(a.CreatedAt), Type: a.Type}, nil
}

func (d *Dialect) bankDetails(r request) (any, error) {
	a, err := d.Service.Account(r.Context(), r.tenant(), r.id())
	if err != nil {
		return nil, err
	}
	owner, err := d.find(r, a.ApplicantID)
	if err != nil {
		return nil, named(err, "account")
	}
	return []bankDetails{bankDetailsOf(a, owner.Details.Address)}, nil
}
