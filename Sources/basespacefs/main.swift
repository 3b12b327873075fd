print("basespacefs")
