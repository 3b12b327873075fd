import CLinux

/// What is to be known of a terminal before something is drawn on it.
enum Terminal {
    /// The rows and columns of the terminal that a descriptor is; `nil` if it is none, or does not tell.
    static func size(of descriptor: CInt) -> (rows: Int, columns: Int)? {
        var (rows, columns) = (CInt(0), CInt(0))
        guard CLinux_windowSize(descriptor, &rows, &columns) == 0, rows > 0, columns > 0 else { return nil }
        return (Int(rows), Int(columns))
    }
}
