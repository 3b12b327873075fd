import BaseSpaceSimulator
import Foundation
import Glibc
import TestSupport
import Testing

extension EndToEnd {
    /// Random sequences of what programs, users and crashes do to files, in a mount and in a local directory.
    @Suite("Random sequences of operations")
    struct StateMachineTests {
        /// The same ones in each run. `STATE_MACHINE_SEED=1000` tries those from there, to look for what these don't find.
        private static func seeds(_ count: UInt64) -> ClosedRange<UInt64> {
            let first = ProcessInfo.processInfo.environment["STATE_MACHINE_SEED"].flatMap { UInt64($0) } ?? 1
            return first...first + count - 1
        }

        @Test(
            "complete: the mount is as a local directory until Status is set",
            arguments: seeds(6)
        )
        func complete(seed: UInt64) async throws {
            try await Self.run(seed, .init(policy: "complete", looksEverywhere: seed % 2 == 0), names: 9)
        }

        @Test("close, background: so it is until a file is closed", arguments: seeds(8))
        func closed(seed: UInt64) async throws {
            let policy = seed % 2 == 0 ? "close" : "background"
            try await Self.run(seed, .init(policy: policy, looksEverywhere: seed % 4 < 2), names: 30)
        }

        @Test(
            "A service that fails now and then changes nothing but when files arrive",
            arguments: seeds(6)
        )
        func faults(seed: UInt64) async throws {
            let policy = ["close", "background", "complete"][Int(seed % 3)]
            try await Self.run(seed, .init(policy: policy, faults: Self.faults), names: 30)
        }

        @Test(
            "A file that is made by a program that may only read it is uploaded like any other",
            arguments: ["close", "background", "complete"]
        )
        func madeByReader(policy: String) async throws {
            let making = FileStep.open(1, path: "f", flags: O_RDONLY | O_CREAT)
            for steps in [[making, .close(1)], [making, .complete], [making, .rename("f", to: "g"), .close(1)]] {
                let difference = try await StateMachine.run(steps, .init(policy: policy), seed: 1)
                #expect(difference == nil, "\(difference.map { "\($0)" } ?? "")")
            }
        }

        @Test("Sequences that seldom come by chance", arguments: ["close", "background", "complete"])
        func rare(policy: String) async throws {
            let make = { (path: String) -> [FileStep] in
                [
                    .open(1, path: path, flags: O_WRONLY | O_CREAT), .write(1, offset: 0, count: 1000, seed: 1),
                    .close(1),
                ]
            }
            let replaced = make(".a") + make(".b") + [.rename(".a", to: ".b"), .kill, .rename(".b", to: "b"), .remount]
            let patched: [FileStep] = [
                .open(1, path: "f", flags: O_RDWR | O_CREAT), .continueWriting(1, count: 6 << 20, seed: 1),
                .continueWriting(1, count: 6 << 20, seed: 2), .write(1, offset: 10, count: 100, seed: 3), .close(1),
            ]
            for steps in [replaced, patched] {
                let difference = try await StateMachine.run(steps, .init(policy: policy), seed: 1)
                #expect(difference == nil, "\(difference.map { "\($0)" } ?? "")")
            }
        }

        private static let faults: [Fault] = {
            let whole = { Fault.Match(listener: .api, method: "POST", path: "*/files", probability: $0) }
            let part = { Fault.Match(listener: .api, method: "PUT", path: "*/parts/*", probability: $0) }
            return [
                .init(.latency(.milliseconds(10)), on: whole(0.5)), .init(.status(500), on: whole(0.2)),
                .init(.status(503), on: whole(0.2)), .init(.status(500), on: part(0.2)),
                .init(.reset(afterBytes: 0), on: part(0.1)), .init(.latency(.milliseconds(20)), on: part(0.5)),
            ]
        }()

        private static func run(_ seed: UInt64, _ setting: StateMachine.Setting, names: Int) async throws {
            var generator = StepGenerator(seed: seed, names: names)
            let steps = generator.steps(150)
            guard let difference = try await StateMachine.run(steps, setting, seed: seed) else { return }
            let shortest = await shortened(steps, setting, seed: seed)
            let lines = shortest.steps.map { "    \($0)\n" }.joined()
            Issue.record(
                """
                \(setting), seed \(seed): \(difference)
                \(shortest.steps.count) steps are enough:
                \(lines)\(shortest.difference ?? difference)
                """
            )
        }

        /// Leaves steps out while a difference stays, for as long as a test may take.
        private static func shortened(
            _ steps: [FileStep],
            _ setting: StateMachine.Setting,
            seed: UInt64
        ) async -> (steps: [FileStep], difference: StateMachine.Difference?) {
            let end = ContinuousClock.now + .seconds(25)
            var shortest = steps
            var last: StateMachine.Difference?
            var length = steps.count / 2
            while length > 0 {
                var start = 0
                while start < shortest.count, ContinuousClock.now < end {
                    var fewer = shortest
                    fewer.removeSubrange(start..<min(start + length, fewer.count))
                    if let difference = try? await StateMachine.run(fewer, setting, seed: seed) {
                        (shortest, last) = (fewer, difference)
                    } else {
                        start += length
                    }
                }
                length /= 2
            }
            return (shortest, last)
        }
    }
}
