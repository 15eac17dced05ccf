import Foundation

Driver.main(Array(CommandLine.arguments.dropFirst()))
