"""The model check: the real use cases, a pretend outside, and somebody who says who goes on."""
