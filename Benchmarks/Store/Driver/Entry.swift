// SPDX-License-Identifier: Apache-2.0
import Foundation

struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// One subject in a process of its own, which does as standard input says: see `store.py`, which starts it.
@main
enum Entry {
    static let usage = """
        usage: StoreBenchmark serve sealed|plain|maildir FOLDER   commands on standard input, "SECONDS CPU" for each
               StoreBenchmark large FOLDER MESSAGES                an account with so many messages, and an empty one
               StoreBenchmark accounts FOLDER COUNT                that many accounts behind one bounded pool
        """

    static func main() async throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        switch (arguments.first, arguments.count) {
        case ("serve", 3): try await serve(subject(arguments[1], arguments[2]))
        case ("large", 3): try await LargeAccount(root: arguments[1], count: number(arguments[2])).run()
        case ("accounts", 3): try await ManyAccounts(root: arguments[1], count: number(arguments[2])).run()
        default:
            FileHandle.standardError.write(Data((usage + "\n").utf8))
            exit(64)
        }
    }

    private static func number(_ text: String) throws -> Int {
        guard let number = Int(text), number > 0 else { throw Failure("\(text) is no number above 0") }
        return number
    }

    private static func subject(_ kind: String, _ folder: String) async throws -> any Subject {
        switch kind {
        case "sealed": return try await StoreSubject(root: folder)
        case "plain":
            try StoreSubject.usePlainFiles()
            return try await StoreSubject(root: folder)
        case "maildir": return try MaildirSubject(root: folder)
        default: throw Failure("\(kind) is no subject")
        }
    }

    /// A line, at once.
    private static func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

    private static func serve(_ subject: any Subject) async throws {
        var delivered = 0
        var copied = 0
        var dice = Dice(seed: 99)
        while let line = readLine() {
            let words = line.split(separator: " ")
            guard let count = words.dropFirst().first.flatMap({ Int($0) }) else { throw Failure("what is \(line)?") }
            let uids = (0..<count).map { _ in dice.below(max(1, delivered)) + 1 }
            let first = (uids.first ?? 1) % max(1, delivered - count) + 1
            let needles = (0..<count).map { _ in Messages.searchWord(&dice) }
            let isDelivery = words[0].hasPrefix("deliver")
            let messages = isDelivery ? (delivered..<delivered + count).map(Messages.message) : []
            let usage = Usage()
            switch words[0] {
            case "deliver", "deliver10":
                try await subject.deliver(messages, from: delivered, writers: words[0] == "deliver" ? 1 : 10)
                delivered += count
            case "index": try await subject.index()
            case "headers": try await subject.headers(first...first + count - 1)
            case "bodies": try await subject.bodies(uids)
            case "flags": try await subject.flags(uids)
            case "search": guard try await subject.search(needles) > 0 else { throw Failure("nothing found") }
            case "copy":
                try await subject.copy(copied + 1...copied + count)
                copied += count
            case "expunge": try await subject.expunge(count)
            case "open":
                for _ in 0..<count {
                    guard try await subject.open() == delivered else { throw Failure("not all are there") }
                }
            // For the peers that repeat our statements: where they find schema and rows.
            case "path":
                guard let store = subject as? StoreSubject else { throw Failure("no database") }
                await store.close()
                say(store.path)
                return
            default: throw Failure("what is \(line)?")
            }
            say(usage.since())
        }
    }
}

/// Time on the wall and in this process' threads, from a moment on.
struct Usage {
    private let start = ContinuousClock.now
    private let cpu = Self.cpuSeconds()

    var seconds: Double { (ContinuousClock.now - start) / .seconds(1) }
    var cpuSeconds: Double { Self.cpuSeconds() - cpu }

    func since() -> String { "\(seconds) \(cpuSeconds)" }

    private static func cpuSeconds() -> Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }
}
