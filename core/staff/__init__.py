"""The operator's staff: who they are, what each may do, their sessions at the desk, and a record of what they did."""
