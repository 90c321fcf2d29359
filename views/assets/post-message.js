document.querySelector('form[data-post]').submit();
