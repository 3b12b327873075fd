import CQREncode
import Glibc

/// A text as a picture for the camera of a telephone, drawn with characters.
struct QRCode {
    /// Whether each of the modules is dark, row by row.
    let modules: [[Bool]]

    /// Light modules around it that readers need to find it.
    static let quietZone = 4

    /// Encodes a text; `nil` if it is too long for a code, or empty.
    init?(_ text: String) {
        // The lowest of the levels of correction: a screen has no scratches, and fewer modules are larger ones.
        guard let code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_L) else { return nil }
        defer { QRcode_free(code) }
        let width = Int(code.pointee.width)
        guard let data = code.pointee.data else { return nil }
        modules = (0..<width).map { row in
            // The lowest bit is the colour, the others tell what the module is for.
            (0..<width).map { column in data[row * width + column] & 1 == 1 }
        }
    }

    /// Columns of the drawing.
    var columns: Int { modules.count + 2 * Self.quietZone }

    /// The drawing: a character for two modules, one above the other, which makes them about square. Both colours are set,
    /// and to those of the 256 that no theme replaces, so that it is dark on light on every terminal.
    var lines: [String] {
        let side = columns
        let isDark = { (row: Int, column: Int) in
            let (row, column) = (row - Self.quietZone, column - Self.quietZone)
            return modules.indices.contains(row) && modules.indices.contains(column) && modules[row][column]
        }
        return stride(from: 0, to: side, by: 2).map { row in
            let characters = (0..<side).map { column in
                switch (isDark(row, column), isDark(row + 1, column)) {
                case (true, true): "█"
                case (true, false): "▀"
                case (false, true): "▄"
                case (false, false): " "
                }
            }
            return "\u{1B}[38;5;16;48;5;231m\(characters.joined())\u{1B}[0m"
        }
    }

    /// The columns of the terminal that standard error is; `nil` if it is none that can show a code.
    static var room: Int? {
        ProcessEnvironment.value("TERM") == "dumb" ? nil : Terminal.size(of: STDERR_FILENO)?.columns
    }
}
