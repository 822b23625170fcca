"""What every context stands on; contains no word of health care."""
