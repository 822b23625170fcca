"""The auditor's work: from a person, a patient's or an employee's, to what stands in the log. Owns no table."""
