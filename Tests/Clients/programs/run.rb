# ruby run.rb DATABASE SCRIPT: runs each statement of the script with its parameters bound, by the sqlite3 gem.
require "sqlite3"

database = SQLite3::Database.new(ARGV[0])
File.foreach(ARGV[1], chomp: true, encoding: "UTF-8") do |line|
  sql, *parameters = line.split("\t", -1)
  values = parameters.map do |parameter|
    case parameter[0]
    when "n" then nil
    when "i" then Integer(parameter[1..])
    else parameter[1..]
    end
  end
  database.execute(sql, values)
end
