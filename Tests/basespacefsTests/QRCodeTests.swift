import Testing

@testable import basespacefs

@Suite("QR codes")
struct QRCodeTests {
    private let url = "https://basespace.illumina.com/oauth/device?code=Ab1cd"

    /// The modules as they are drawn, two in each character.
    private func drawn(_ code: QRCode) throws -> [[Bool]] {
        try code.lines.flatMap { line -> [[Bool]] in
            let start = "\u{1B}[38;5;16;48;5;231m"
            try #require(line.hasPrefix(start) && line.hasSuffix("\u{1B}[0m"))
            let characters = line.dropFirst(start.count).dropLast(4)
            return [characters.map { "█▀".contains($0) }, characters.map { "█▄".contains($0) }]
        }
    }

    @Test("are drawn dark on light, with a quiet zone around the three finders")
    func drawing() throws {
        let code = try #require(QRCode(url))
        let rows = try drawn(code)
        let (side, edge) = (code.modules.count, QRCode.quietZone)
        #expect(side >= 21 && (side - 17).isMultiple(of: 4))
        #expect(code.columns == side + 2 * edge && rows.allSatisfy { $0.count == code.columns })
        #expect(rows.count >= side + 2 * edge)
        for (row, cells) in rows.enumerated() {
            for (column, isDark) in cells.enumerated() {
                let isInside = (edge..<edge + side).contains(row) && (edge..<edge + side).contains(column)
                #expect(isDark == (isInside && code.modules[row - edge][column - edge]))
            }
        }
        for (row, column) in [(0, 0), (0, side - 7), (side - 7, 0)] {
            let border = (0..<7).flatMap { [(0, $0), (6, $0), ($0, 0), ($0, 6)] }
            #expect(border.allSatisfy { code.modules[row + $0.0][column + $0.1] })
            #expect(!code.modules[row + 1][column + 1] && code.modules[row + 3][column + 3])
        }
    }

    @Test("of what is too long, or nothing, are none")
    func impossible() {
        #expect(QRCode("") == nil)
        #expect(QRCode(String(repeating: "a", count: 3000)) == nil)
    }
}
