import Testing

@testable import BlockCache

@Suite struct AvailableMemoryTests {
    @Test func theKernelsLinesAreRead() {
        let text = "MemTotal:       24567890 kB\nMemFree:         1000 kB\nMemAvailable:   20000000 kB\n"
        #expect(AvailableMemory.amounts(ofMeminfo: text) == .init(free: 1_024_000, available: 20_480_000_000))
        #expect(AvailableMemory.amounts(ofMeminfo: "MemTotal: 1 kB\n") == .init())
    }

    @Test func aSmallFileFitsAndAHugeOneDoesNot() {
        let memory = AvailableMemory()
        #expect(memory.canCache(4096))
        #expect(!memory.canCache(1 << 50))
        #expect(!memory.hasIdle(1 << 50))
    }
}
