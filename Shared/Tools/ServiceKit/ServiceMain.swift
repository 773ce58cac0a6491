// SPDX-License-Identifier: Apache-2.0
import Configuration
import Foundation
import Logging
import Metrics
import NIOCore
import NIOPosix
import ServiceLifecycle

/// What every `@main` does: read the configuration, say every mistake, build, run, drain.
package enum ServiceMain {
    /// What a service is made of, once its configuration is known.
    package struct Assembly: Sendable {
        /// In the order in which they start; they stop in the reverse order.
        package var services: [any Service]
        package var checks: [ReadinessCheck]

        package init(services: [any Service], checks: [ReadinessCheck]) {
            self.services = services
            self.checks = checks
        }
    }

    /// Runs a service until SIGTERM or SIGINT; then sessions have 25 s to end, and the process 30.
    ///
    /// - Parameters:
    ///   - about: one sentence for `--help`.
    ///   - settings: beside `ServiceConfiguration.Key.all`.
    ///   - assemble: reads its own settings and builds; mistakes that it adds to the reader end the start.
    package static func run(
        name: String, about: String, settings: [Setting],
        assemble: (inout SettingReader, ServiceConfiguration, Logger) async throws -> Assembly
    ) async {
        let arguments = CommandLine.arguments.dropFirst()
        if arguments.contains("--help") || arguments.contains("-h") {
            print(help(name, about, ServiceConfiguration.Key.all + settings))
            return
        }
        if arguments.contains("--version") {
            print(Release.version)
            return
        }
        ProcessMemory.hide()
        // Services with uids of their own share the store by its gid.
        umask(0o007)
        // A quiet mail server needs no thread for each core.
        NIOSingletons.groupLoopCountSuggestion = 2
        NIOSingletons.blockingPoolThreadCountSuggestion = 2
        do {
            var reader = SettingReader(try await configuration())
            let configuration = ServiceConfiguration(&reader)
            let level = configuration.logLevel
            LoggingSystem.bootstrap { _ in JSONLogHandler(service: name, level: level) }
            let logger = Logger(label: name)
            let metrics = PrometheusMetrics()
            MetricsSystem.bootstrap(metrics)
            guard reader.mistakes.isEmpty else { refuse(name, reader.mistakes) }
            let assembly = try await assemble(&reader, configuration, logger)
            guard reader.mistakes.isEmpty else { refuse(name, reader.mistakes) }
            var services = assembly.services
            if let port = configuration.healthPort {
                services.append(
                    HealthServer(
                        bind: configuration.bind, port: port, checks: assembly.checks, metrics: metrics, logger: logger)
                )
            }
            var group = ServiceGroupConfiguration(
                services: services.map { .init(service: $0) }, gracefulShutdownSignals: [.sigterm, .sigint],
                logger: logger)
            group.maximumGracefulShutdownDuration = .seconds(28)
            group.maximumCancellationDuration = .seconds(2)
            logger.notice("starting")
            try await ServiceGroup(configuration: group).run()
            logger.notice("stopped")
        } catch {
            FileHandle.standardError.write(Data("\(name): \(error)\n".utf8))
            exit(1)
        }
    }

    private static func configuration() async throws -> ConfigReader {
        let arguments = CommandLineArgumentsProvider(arguments: Array(CommandLine.arguments))
        let environment = EnvironmentVariablesProvider().prefixKeys(with: "mailkeep")
        var providers: [any ConfigProvider] = [arguments, environment]
        if let file = ConfigReader(providers: providers).string(forKey: "config") {
            providers.append(try await FileProvider<JSONSnapshot>(filePath: .init(file)))
        }
        return ConfigReader(providers: providers)
    }

    private static func refuse(_ name: String, _ mistakes: [String]) -> Never {
        let lines = mistakes.map { "  \($0)\n" }.joined()
        FileHandle.standardError.write(
            Data("\(name) cannot start:\n\(lines)`\(name) --help` lists every setting.\n".utf8))
        exit(78)  // EX_CONFIG
    }

    private static func help(_ name: String, _ about: String, _ settings: [Setting]) -> String {
        let lines = settings.map { setting in
            "  \(setting.argument)  (\(setting.variable))\n      \(setting.help)"
                + (setting.fallback.map { "; without it: \($0)" } ?? "; needed")
        }
        return """
            \(name): \(about)

            Settings are arguments, environment variables, or keys of the JSON file that --config names; the first wins.

            \(lines.joined(separator: "\n"))
            """
    }
}
