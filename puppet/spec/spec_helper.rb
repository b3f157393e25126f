# Catalogues are compiled with our own data: what is tested is what is baked.
require 'rspec-puppet'
require_relative 'support/systems'

root = File.expand_path('..', __dir__)

RSpec.configure do |config|
  config.module_path = File.join(root, 'site-modules')
  config.hiera_config = File.join(root, 'hiera.yaml')
  config.strict_variables = true
end

RSpec::Matchers.define :hold_before do |first, second|
  match { |text| (a = text.index(first)) && (b = text.index(second)) && a < b }
end
