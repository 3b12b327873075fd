import BaseSpaceAPI
import SystemPackage
import TestSupport
import Testing
import Uploads

/// A staged file against a flat array, and then what the service put together against the same array.
@Suite(.timeLimit(.minutes(3))) struct StagedFilePropertyTests {
    /// A write of `bytes` at `offset`.
    private struct Write: Sendable {
        let offset: Int
        let bytes: [UInt8]
    }

    private static let writers = 4
    /// Four parts and a bit.
    private static let limit = 21 << 20

    @Test(arguments: [11, 12, 13, 14] as [UInt64])
    func whatArrivesIsWhatWasWritten(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let fixture = try UploadFixture {
            $0.partsInParallel = 4
        } script: { call, before in
            guard case .part(let number) = call else { return .answer }
            // Parts end in a random order that the seed repeats, and some have to be sent again.
            var random = SeededGenerator(seed: seed &+ UInt64(number) &* 1_000 &+ UInt64(before))
            for _ in 0..<Int.random(in: 0...200, using: &random) { await Task.yield() }
            return before == 0 && Int.random(in: 0..<3, using: &random) == 0 ? .damage : .answer
        }
        let file = try fixture.area.makeFile(named: "random")
        var model: [UInt8] = []

        for round in 0..<5 {
            let scripts = Self.scripts(using: &random)
            try await Self.perform(scripts, on: file)
            for write in scripts.joined() { Self.apply(write, to: &model) }
            #expect(try Fingerprint(file.contents()) == Fingerprint(model), "seed \(seed), round \(round)")

            let size = Int.random(in: 0...Self.limit, using: &random)
            if Bool.random(using: &random) {
                try file.truncate(to: Int64(size))
                model = Array(model.prefix(size)) + [UInt8](repeating: 0, count: max(0, size - model.count))
            }
            #expect(file.size == Int64(model.count), "seed \(seed), round \(round)")
        }
        #expect(try Fingerprint(file.contents()) == Fingerprint(model), "seed \(seed)")

        let remote = try await fixture.engine.upload(file, to: UploadFixture.destination())
        #expect(remote.size == Int64(model.count), "seed \(seed)")
        #expect(fixture.service.files.last?.fingerprint == Fingerprint(model), "seed \(seed)")
    }

    /// Each writer's writes, shuffled over the file. The writers own every fourth 64 KiB, so that the result does not
    /// depend on who comes first; one writer's own writes may overlap.
    private static func scripts(using random: inout SeededGenerator) -> [[Write]] {
        let stripe = 64 << 10
        return (0..<writers).map { writer in
            (0..<Int.random(in: 1...40, using: &random)).map { _ in
                let row = Int.random(in: 0..<limit / stripe / writers, using: &random)
                let start = Int.random(in: 0..<stripe, using: &random)
                let length = Int.random(in: 1...stripe - start, using: &random)
                return Write(offset: (row * writers + writer) * stripe + start, bytes: random.bytes(length))
            }
        }
    }

    /// Runs the scripts at the same time, each on a thread of its own.
    private static func perform(_ scripts: [[Write]], on file: StagedFile) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for script in scripts {
                group.addTask {
                    try await onOwnThread {
                        for write in script { try file.write(write.bytes, at: Int64(write.offset)) }
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private static func apply(_ write: Write, to model: inout [UInt8]) {
        let end = write.offset + write.bytes.count
        if model.count < end { model += [UInt8](repeating: 0, count: end - model.count) }
        model.replaceSubrange(write.offset..<end, with: write.bytes)
    }
}
