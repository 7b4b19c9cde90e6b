"""What a notebook shows of a quiz, an interview and a review: buttons and fields over the same plain calls."""
