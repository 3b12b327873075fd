// basespacefs
