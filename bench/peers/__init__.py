"""What other programs are compared with lifestage: a small job in stream processors, and the policy by hand."""
