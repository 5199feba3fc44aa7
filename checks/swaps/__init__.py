"""What came of properties that were swapped between pictures: how much accuracy hangs on them, and what follows."""
