print("basespace-simulator")
