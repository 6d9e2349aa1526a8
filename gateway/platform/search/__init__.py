"""Finding customers by what somebody remembers of them: a name with a slip in it, the end of a
phone number, a mail address, a member or an order number.
"""
