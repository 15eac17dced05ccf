internal import Foundation
internal import ParleyCore

let options: Options
do throws(Options.Fault) { options = try Options(Array(CommandLine.arguments.dropFirst())) } catch {
    FileHandle.standardError.write(Data("parley-simulate: \(error.sentence)\n\(Options.usage)\n".utf8))
    exit(64)
}
exit(try Simulation(options).run())
